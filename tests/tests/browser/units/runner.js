// Runs the checks that follow, one after the other, and gives what failed.
const checks = [];
const check = (name, run) => checks.push({ name, run });
const assert = (condition, message = "it is not so") => {
  if (!condition) throw new Error(message);
};
const equal = (found, wanted) => {
  const [a, b] = [found, wanted].map((value) => JSON.stringify(value));
  assert(a === b, `found ${a}, wanted ${b}`);
};
const outcome = async () => {
  const failed = [];
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      failed.push(`${name}: ${error.message}`);
    }
  }
  return { ran: checks.length, failed };
};
