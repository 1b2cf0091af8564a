/**
 * Who is signed in.
 *
 * The tokens live in this module's variables and nowhere else: no storage, no address, no tab, no history. Whoever
 * reloads the page signs in again.
 */
import { parse, print, separateOperations } from "graphql";
import { create } from "zustand";

import { forgetIds } from "./names.js";
import source from "./panels/account.graphql";
import { post } from "./server.js";

// One document for each operation, because servers refuse fragments that an operation does not use.
const operations = Object.fromEntries(
  Object.entries(separateOperations(parse(source))).map(([name, document]) => [name, print(document)]),
);
const SHARE_OF_LIFE = 0.8;
// Whatever the clocks say: renewing must not become a loop.
const LIFE_MIN_MILLISECONDS = 10_000;
const TIMER_MAX_MILLISECONDS = 2 ** 31 - 1;

let tokens = null;
let renewal = null;
let timer;

/** What may be seen: the person, and why there is none any more. */
export const useSession = create(() => ({ user: null, notice: "" }));

/** Why signing in did not work, in words. */
export class Refusal extends Error {}

async function run(operationName, variables, authorization) {
  const request = { query: operations[operationName], operationName, variables };
  const { result, now } = await post(request, { authorization });
  if (result.errors) throw new Refusal(result.errors.map((error) => error.message).join(" "));
  return { outcome: result.data.outcome, now };
}

function keep(outcome, now) {
  // Reckoned by the server's clock: this machine's may be wrong.
  const lifeMilliseconds = Math.max(
    (Date.parse(outcome.accessTokenExpiresAt) - now) * SHARE_OF_LIFE,
    LIFE_MIN_MILLISECONDS,
  );
  tokens = { access: outcome.accessToken, refresh: outcome.refreshToken, renewAt: Date.now() + lifeMilliseconds };
  clearTimeout(timer);
  // When it fails for a moment, the next request tries again and says what is wrong.
  timer = setTimeout(() => renew().catch(() => {}), Math.min(lifeMilliseconds, TIMER_MAX_MILLISECONDS));
  useSession.setState({ user: outcome.user, notice: "" });
}

function forget(notice) {
  tokens = null;
  clearTimeout(timer);
  forgetIds();
  useSession.setState({ user: null, notice });
}

/** Sign in: with the operation "Login", or with "Register". */
export async function signIn(operationName, input) {
  const { outcome, now } = await run(operationName, { input });
  if (!outcome.accessToken) {
    const seconds = outcome.retryAfterSeconds;
    throw new Refusal(seconds ? `${outcome.message} Try again in ${Math.ceil(seconds)} s.` : outcome.message);
  }
  forgetIds();
  keep(outcome, now);
}

/** Sign out: here at once, and at the server, which then takes the tokens no more. */
export async function signOut() {
  const authorization = `Bearer ${tokens.access}`;
  forget("You are signed out.");
  try {
    await run("Logout", {}, authorization);
  } catch (error) {
    useSession.setState({ notice: `You are signed out here, but the server has not heard of it: ${error.message}` });
  }
}

/** Get new tokens; who asks meanwhile waits for the same ones. */
function renew() {
  renewal ??= exchange(tokens).finally(() => {
    renewal = null;
  });
  return renewal;
}

async function exchange(used) {
  const { outcome, now } = await run("RefreshSession", { refreshToken: used.refresh });
  // Signed out, or in as somebody else, while the answer was on its way.
  if (tokens !== used) return;
  if (outcome.accessToken) keep(outcome, now);
  else forget("The session has ended. Sign in again.");
}

/** The header's value; undefined for nobody. */
export async function authorization() {
  if (tokens !== null && Date.now() >= tokens.renewAt) await renew();
  return tokens === null ? undefined : `Bearer ${tokens.access}`;
}

/** The header's value after the server has refused one; undefined where there is no other. */
export async function authorizationAfter(refused) {
  if (tokens === null) return undefined;
  if (refused === `Bearer ${tokens.access}`) await renew();
  return authorization();
}
