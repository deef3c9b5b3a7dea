import rhea from 'rhea';
import { asBrokerError } from './broker-error.ts';
import { answerDeliveries } from './rhea-adapter.ts';
import type { RheaLink } from './rhea-types.ts';

/** A request as `$cbs` and `$management` receive it. */
export interface NodeRequest {
  readonly operation: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface NodeAnswer {
  readonly status: number;
  readonly description: string;
  readonly body?: unknown;
}

const CREDIT = 100;

/** Serves a request link: each request is answered on the link of the same session that it names in reply-to. */
export function openRequestNode(link: RheaLink, handle: (request: NodeRequest) => Promise<NodeAnswer>): void {
  async function serve(message: RequestMessage): Promise<void> {
    const properties = message.application_properties ?? {};
    const { operation } = properties;
    let answer: NodeAnswer;
    let condition: string | undefined;
    try {
      answer = await handle({
        operation: typeof operation === 'string' ? operation : '',
        properties,
        body: message.body,
      });
    } catch (error) {
      const failure = asBrokerError(error);
      condition = failure.condition;
      answer = { status: failure.status, description: failure.message };
    }
    reply(link, message, answer, condition);
    if (link.is_open()) link.add_credit(1);
  }
  link.on('message', ({ delivery, message }) => {
    if (delivery === undefined || typeof message !== 'object' || message === null) return;
    answerDeliveries(link, [delivery]);
    void serve(message);
  });
  link.add_credit(CREDIT);
}

interface RequestMessage {
  readonly message_id?: unknown;
  readonly reply_to?: string;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function reply(link: RheaLink, request: RequestMessage, answer: NodeAnswer, condition?: string): void {
  const senders = Object.values(link.session.links).filter((candidate) => candidate.is_sender());
  const named = senders.find(
    ({ name, target }) => target?.address === request.reply_to || name === request.reply_to,
  );
  const sender = named ?? senders[0];
  if (sender === undefined || !sender.is_open() || link.session.outgoing.available() === 0) return;
  const status = rhea.types.wrap_int(answer.status);
  sender.send({
    correlation_id: request.message_id,
    to: request.reply_to,
    // $cbs clients read the dashed names, $management clients the others.
    application_properties: {
      statusCode: status,
      statusDescription: answer.description,
      'status-code': status,
      'status-description': answer.description,
      ...(condition === undefined ? {} : { errorCondition: rhea.types.wrap_symbol(condition) }),
    },
    body: answer.body,
  });
}
