/** The support table's operations of Service Bus, with the broker's own names for them. */
export const OPERATIONS = {
  'Put token': 'put-token',
  Send: 'send',
  Receive: 'deliver',
  'Complete, abandon or dead-letter': 'settle',
  'Settle after the link has closed': 'update-disposition',
  'Renew lock': 'renew-lock',
  Peek: 'peek-message',
  'Schedule message': 'schedule-message',
  'Cancel scheduled message': 'cancel-scheduled-message',
} as const;

/** @param operation as fault rules name it: `send {queue}` */
export function operationOf(operation: string): string {
  const [kind] = operation.split(' ');
  const known = Object.entries(OPERATIONS).find(([, own]) => own === kind);
  return known?.[0] ?? operation;
}
