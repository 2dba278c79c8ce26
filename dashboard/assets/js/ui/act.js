/**
 * What is asked of the host, and saying how it went.
 */

import { failed, toast } from "./toast.js";

/** Runs it; says `done` when it went well, what the host said when not. Gives whether it went well. */
export async function act(work, done, undone = "") {
  try {
    await work();
  } catch (problem) {
    failed(problem, undone);
    return false;
  }
  toast(done, { tone: "good" });
  return true;
}
