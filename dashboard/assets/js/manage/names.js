/**
 * Names of agents, for lists that know only their ids.
 */

import { get } from "../http.js";

/** By id; empty when they cannot be read. */
export async function agentNames() {
  const { items } = await get("/agents?limit=500").catch(() => ({ items: [] }));
  return new Map(items.map(({ agent_id: id, document: { name } }) => [id, name]));
}
