import { QueryClient, QueryClientContext, QueryClientProvider } from "@tanstack/react-query";
import { createContext, createElement, type ReactNode, useContext, useState } from "react";

import type { SpectralNotify } from "../client.js";

const ClientContext = createContext<SpectralNotify | undefined>(undefined);

/** What the provider is given. */
export interface ProviderProps {
  /** Made outside of the components: a new client is a new connection. */
  client: SpectralNotify;
  /** Where answers are kept; if absent, that of the surrounding QueryClientProvider, else one of our own. */
  queryClient?: QueryClient;
  children?: ReactNode;
}

/** Gives the components inside of it a client. */
export function SpectralNotifyProvider({ client, queryClient, children }: ProviderProps) {
  const around = useContext(QueryClientContext);
  const [own] = useState(() => new QueryClient());
  const cache = queryClient ?? around ?? own;
  return createElement(
    ClientContext.Provider,
    { value: client },
    createElement(QueryClientProvider, { client: cache }, children),
  );
}

/** The client of the provider around. */
export function useSpectralNotify(): SpectralNotify {
  const client = useContext(ClientContext);
  if (!client) throw new Error("there is no <SpectralNotifyProvider> around this component");
  return client;
}
