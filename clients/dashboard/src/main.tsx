import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import "./style.css";
import { App } from "./app.js";
import { awaitKey, openKey } from "./key.js";

openKey();
awaitKey();
const page = document.getElementById("page");
if (!page) throw new Error("index.html has no element #page");
createRoot(page).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
