/**
 * What one webhook was told, how it went, and once more.
 */

import { button, h } from "../dom.js";
import { get, query, request } from "../http.js";
import { act } from "../ui/act.js";
import { moment } from "../ui/moment.js";
import { openDialog } from "../ui/dialog.js";
import { records } from "../ui/records.js";

const STATES = { pending: ["warn", "On its way"], delivered: ["good", "Delivered"], failed: ["bad", "Given up"] };

/** The list of a webhook's deliveries. */
export function deliveries({ id, head }) {
  const list = records({
    caption: "Deliveries, newest first",
    columns: ["Event", "State", "Tries", "Last answer", "Made", ""],
    what: "delivery",
    many: "deliveries",
    load: (cursor) => get(`/webhooks/${encodeURIComponent(id)}/deliveries${query({ cursor })}`),
    row,
    blank: () => ({
      sign: "send",
      title: "Nothing was sent yet",
      text: "When a call ends, what was told stands here.",
    }),
  });
  head.title("Deliveries");
  head.actions(
    h("a", { class: "button", href: "#/manage/webhooks" }, h("span", { class: "label" }, "All webhooks")),
    button("Look again", { sign: "refresh" }, list.reload),
  );
  get(`/webhooks/${encodeURIComponent(id)}`).then(
    ({ url }) => head.about(url),
    () => {},
  );

  function row(delivery) {
    const [tone, text] = STATES[delivery.state] ?? ["", delivery.state];
    return [
      [
        h("strong", null, delivery.event),
        delivery.call_id && h("small", null, h("a", { href: `#/calls/${delivery.call_id}` }, "Open the call")),
      ],
      [
        h("span", { class: `chip ${tone}` }, text),
        delivery.next_at_ms != null && h("small", null, "next try ", moment(delivery.next_at_ms)),
      ],
      String(delivery.attempts),
      [
        delivery.last_status != null && String(delivery.last_status),
        delivery.last_error && h("small", null, delivery.last_error),
      ],
      moment(delivery.created_at_ms),
      [
        button("What was sent", { kind: "small" }, () => show(delivery)),
        button("Send again", { kind: "small" }, () => again(delivery)),
      ],
    ];
  }

  const show = ({ event, payload }) =>
    openDialog({
      title: event,
      kind: "wide",
      body: h("pre", { class: "raw", dir: "ltr", tabIndex: 0 }, JSON.stringify(payload, null, 2)),
    });

  async function again(delivery) {
    const send = async () => {
      await request("POST", `/webhooks/${id}/redeliver`, { body: { delivery_id: delivery.id } });
      await list.reload();
    };
    await act(send, "It is sent once more.");
  }

  return list.element;
}
