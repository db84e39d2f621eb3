import { type ReactNode, useEffect, useId, useRef } from "react";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  /** The word on the button that does it. */
  yes: string;
  /** The word on the button that does not. */
  no: string;
  busy: boolean;
  fault: string | undefined;
  onYes(): void;
  onNo(): void;
}

/** Asks before something that cannot be taken back. Escape and the first button mean no. */
export function Confirm({ title, children, yes, no, busy, fault, onYes, onNo }: ConfirmProps) {
  return (
    <Dialog title={title} onNo={onNo}>
      {children}
      {fault && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <div className="buttons">
        <button type="button" onClick={onNo}>
          {no}
        </button>
        <button type="button" className="is-danger" disabled={busy} onClick={onYes}>
          {busy ? "One moment…" : yes}
        </button>
      </div>
    </Dialog>
  );
}

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Somebody pressed Escape. */
  onNo(): void;
}

/** A box over the page, under a title. */
export function Dialog({ title, children, onNo }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="confirm"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onNo();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}
