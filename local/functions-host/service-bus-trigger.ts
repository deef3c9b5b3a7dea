import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Clock } from '../durable/clock.ts';
import type { PassPoint } from '../durable/kill-point.ts';
import { type Binding, type RegisteredFunction, triggerOf } from './core-api.ts';
import type { HostJson } from './host-json.ts';
import type { Invocation, Invoked } from './invocation.ts';
import type { Log } from './log.ts';
import { bodyData, triggerMetadata } from './service-bus-message.ts';
import { keepReceiving, type Receiving } from './service-bus-receiving.ts';
import type { OpenReceiver } from './service-bus-session.ts';
import { resolveSetting } from './settings.ts';

export type ServiceBusEntity =
  | { readonly queue: string }
  | { readonly topic: string; readonly subscription: string };

export interface ServiceBusTriggerOptions {
  readonly functions: Iterable<RegisteredFunction>;
  readonly settings: Readonly<Record<string, string>>;
  readonly hostJson: HostJson['serviceBus'];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** How to reach an entity through a named connection. */
  readonly connect: (connection: string, entity: ServiceBusEntity) => Promise<OpenReceiver>;
  readonly invoke: (fn: RegisteredFunction, invocation: Invocation) => Promise<Invoked>;
  readonly pass?: PassPoint;
}

export interface ServiceBusTriggers {
  close(graceMilliseconds: number): Promise<void>;
}

function entityOf(binding: Binding, settings: Readonly<Record<string, string>>): ServiceBusEntity {
  if (binding['isSessionsEnabled'] === true) {
    throw new Error('not supported by the embedded host: Service Bus triggers with sessions');
  }
  if (binding['cardinality'] === 'many') {
    throw new Error('not supported by the embedded host: Service Bus triggers with cardinality many');
  }
  const text = (name: string): string | undefined => {
    const value = binding[name];
    return typeof value === 'string' ? resolveSetting(value, settings) : undefined;
  };
  const queue = text('queueName');
  if (queue !== undefined) return { queue };
  const topic = text('topicName');
  const subscription = text('subscriptionName');
  if (topic === undefined || subscription === undefined) {
    throw new Error('a Service Bus trigger names neither a queue nor a subscription');
  }
  return { topic, subscription };
}

/** Starts the app's Service Bus triggers. Rejects on what is not configured or not supported; brokers may be away. */
export async function startServiceBusTriggers(
  options: ServiceBusTriggerOptions,
): Promise<ServiceBusTriggers> {
  const receiving: Receiving[] = [];
  for (const fn of options.functions) {
    const { name: bindingName, binding } = triggerOf(fn.metadata);
    if (binding.type !== 'serviceBusTrigger') continue;
    const entity = entityOf(binding, options.settings);
    const open = await options.connect(String(binding['connection']), entity);
    const category = `function.${fn.metadata.name}`;

    async function handle(message: ServiceBusReceivedMessage): Promise<void> {
      const invocation = {
        inputData: [{ name: bindingName, data: bodyData(message.body, binding['dataType']) }],
        triggerMetadata: triggerMetadata(message),
      };
      try {
        const { error } = await options.invoke(fn, invocation);
        if (error !== undefined) throw error;
      } catch (thrown) {
        const what = thrown instanceof Error ? (thrown.stack ?? thrown.message) : 'failed';
        options.log('error', category, what, { messageId: String(message.messageId ?? '') });
        throw thrown;
      }
    }

    receiving.push(
      keepReceiving({
        open,
        maxConcurrentCalls: options.hostJson.maxConcurrentCalls,
        maxLockRenewalMilliseconds: options.hostJson.maxAutoLockRenewalMilliseconds,
        autoComplete: options.hostJson.autoCompleteMessages,
        handle,
        pass: (point) => options.pass?.(point, fn.metadata.name),
        clock: options.clock,
        random: options.random,
        report: (level, message) => options.log(level, `${category}.receiver`, message),
      }),
    );
  }
  if (receiving.length > 0 && !options.hostJson.autoCompleteMessages) {
    options.log('warning', 'host', 'autoCompleteMessages is false: no message will ever be completed');
  }
  return {
    async close(graceMilliseconds) {
      await Promise.all(receiving.map((one) => one.close(graceMilliseconds)));
    },
  };
}
