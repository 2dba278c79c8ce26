/**
 * What a conversation needs, in one module: it comes when there is one, not with the first view.
 */

export { Chat } from "../talk/chat.js";
export { Conversation } from "./model.js";
export { follow } from "./feed.js";
export { panels } from "./panels.js";
export { transcriptView } from "./transcript.js";
