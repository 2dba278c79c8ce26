/**
 * The page for those who are not signed in: what a login link is, where the next one comes from, a field for it; and the
 * way in for those who have a password.
 */

import { button, h, icon, setText, stylesheet } from "../dom.js";
import { codeOf, login } from "../session.js";
import { mark } from "../shell.js";

/** Fills `root`; calls `onlogin(who)` once somebody is signed in. `problem`: why the link that was opened did not work. */
export async function showLogin(root, problem, onlogin) {
  await stylesheet("login");
  root.classList.remove("booting");
  root.removeAttribute("aria-busy");
  document.title = "Sign in · Trunkline";
  const refused = problem?.status === 401 || problem?.kind === "login-link";
  const error = h("p", { class: "field-error", id: "login-error", role: "alert" });
  const field = h("input", {
    id: "login-code",
    class: "input",
    type: "text",
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    placeholder: "http://127.0.0.1:8080/#login=…",
    "aria-describedby": "login-error login-hint",
  });
  const submit = button("Sign in", { kind: "primary", type: "submit" });
  const fail = (text) => {
    setText(error, text);
    field.setAttribute("aria-invalid", "true");
    field.focus();
  };
  const form = h(
    "form",
    {
      novalidate: true,
      on: {
        submit: async (event) => {
          event.preventDefault();
          const code = codeOf(field.value);
          if (!code) return fail("This is neither a login link nor a code. A link ends in #login= and a code.");
          submit.disabled = true;
          try {
            onlogin(await login({ code }));
          } catch (refusal) {
            fail(sentence(refusal.message));
          } finally {
            submit.disabled = false;
          }
          return undefined;
        },
      },
    },
    h("label", { for: "login-code" }, "Login link or code"),
    h("div", { class: "joined" }, field, submit),
    error,
  );
  field.addEventListener("input", () => {
    setText(error, "");
    field.removeAttribute("aria-invalid");
  });
  root.replaceChildren(
    h(
      "main",
      { id: "main", class: "login", tabIndex: -1 },
      h(
        "section",
        { class: "login-card", "aria-labelledby": "login-title" },
        h("div", { class: "brand" }, mark(), h("span", null, "Trunkline")),
        h("h1", { id: "login-title" }, refused ? "This link no longer works" : "Sign in"),
        problem &&
          !refused &&
          h("p", { class: "note", role: "alert" }, icon("info"), h("span", null, sentence(problem.message))),
        h(
          "p",
          { id: "login-hint" },
          refused
            ? "It was used before or has expired: each link works once, for an hour. Make another on the machine that runs the host:"
            : "Open the link that the host printed when it started, or make another on its machine:",
        ),
        command("trunkline login"),
        form,
        byPassword(onlogin),
      ),
    ),
  );
  field.focus();
}

function byPassword(onlogin) {
  const input = (name, props) =>
    h("input", { id: `login-${name}`, class: "input", "aria-describedby": "password-error", ...props });
  const email = input("email", { type: "email", autocomplete: "username" });
  const password = input("password", { type: "password", autocomplete: "current-password" });
  const error = h("p", { class: "field-error", id: "password-error", role: "alert" });
  const submit = button("Sign in", { kind: "primary", type: "submit" });
  const form = h(
    "form",
    { novalidate: true, class: "login-password" },
    h("div", null, h("label", { for: email.id }, "Email"), email),
    h("div", null, h("label", { for: password.id }, "Password"), password),
    submit,
    error,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    setText(error, "");
    try {
      onlogin(await login({ email: email.value.trim(), password: password.value }));
    } catch (refusal) {
      setText(error, sentence(refusal.message));
      password.focus();
    } finally {
      submit.disabled = false;
    }
  });
  return h("details", { class: "other-way" }, h("summary", null, "With email and password"), form);
}

function command(text) {
  const copy = button("Copy", { sign: "copy", bare: true, kind: "quiet" }, async () => {
    await navigator.clipboard?.writeText(text).catch(() => {});
    copy.replaceChildren(icon("check"));
  });
  return h("div", { class: "command" }, h("code", null, text), copy);
}

/** The host's details begin in lower case; here they stand alone. */
function sentence(text) {
  const plain = text.replaceAll("`", "");
  const begun = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
