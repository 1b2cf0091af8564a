/** The panel "Account": sign in, register, sign out. */
import { Button } from "@graphiql/react";
import { useEffect, useRef, useState } from "react";

import { useServer } from "../server.js";
import { signIn, signOut, useSession } from "../session.js";
import { AccountIcon } from "./icons.jsx";

const MODES = {
  Login: { action: "Sign in", busy: "Signing in…", other: "Make an account", autoComplete: "current-password" },
  Register: { action: "Make an account", busy: "Making it…", other: "Sign in instead", autoComplete: "new-password" },
};

function Field({ label, ...input }) {
  return (
    <label className="lexora-field">
      {label}
      <input {...input} />
    </label>
  );
}

function SignInForm({ announce }) {
  const isOpen = useServer(({ registration }) => registration === "OPEN");
  const [mode, setMode] = useState("Login");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const { action, busy, other, autoComplete } = MODES[mode];

  async function submit(event) {
    event.preventDefault();
    if (isBusy) return;
    const given = [...new FormData(event.currentTarget)].filter(([, value]) => value !== "");
    setBusy(true);
    setProblem("");
    try {
      await signIn(mode, Object.fromEntries(given));
      announce(true);
    } catch (error) {
      setProblem(error.message);
      setBusy(false);
    }
  }

  return (
    <form className="lexora-form" onSubmit={submit} aria-label={action}>
      <Field label="E-mail" name="email" type="email" autoComplete="username" required />
      <Field label="Password" name="password" type="password" autoComplete={autoComplete} required />
      {mode === "Register" && <Field label="Full name (may be empty)" name="fullName" autoComplete="name" />}
      <p className="lexora-problem" role="alert">
        {problem}
      </p>
      <div className="lexora-actions">
        <Button type="submit" className="lexora-primary" aria-disabled={isBusy}>
          {isBusy ? busy : action}
        </Button>
        {isOpen && (
          <Button type="button" onClick={() => setMode(mode === "Login" ? "Register" : "Login")}>
            {other}
          </Button>
        )}
      </div>
    </form>
  );
}

function SignedIn({ user, hasJustSignedIn }) {
  const heading = useRef(null);
  useEffect(() => {
    // The form is gone, and the keyboard's place with it.
    if (hasJustSignedIn) heading.current.focus();
  }, [hasJustSignedIn]);
  return (
    <>
      <p ref={heading} tabIndex={-1} className="lexora-person">
        Signed in as <strong>{user.email}</strong>
        {user.fullName && ` (${user.fullName})`}
      </p>
      <p>Every operation is sent in this name, unless Headers have an Authorization of their own.</p>
      <Button type="button" onClick={signOut}>
        Sign out
      </Button>
    </>
  );
}

function Account() {
  const { user, notice } = useSession();
  const [hasJustSignedIn, setJustSignedIn] = useState(false);
  return (
    <section className="lexora-panel" aria-label="Account">
      <h2>Account</h2>
      <p className="lexora-notice" role="status">
        {user ? "" : notice}
      </p>
      {user ? <SignedIn user={user} hasJustSignedIn={hasJustSignedIn} /> : <SignInForm announce={setJustSignedIn} />}
      <p className="lexora-hint">
        The tokens are kept in this page's memory only. They are renewed before they expire, and gone when you reload.
      </p>
    </section>
  );
}

export const accountPanel = { title: "Account", icon: AccountIcon, content: Account };
