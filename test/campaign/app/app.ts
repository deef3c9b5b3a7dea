/** The app whose instances the campaign starts, signals, ends and purges. */
import * as df from 'durable-functions';

df.app.activity('double', { handler: (value: number) => 2 * value });

/** Takes `input` events named tick and answers twice their values; its custom status counts those that arrived. */
df.app.orchestration('collector', function* (context: df.OrchestrationContext) {
  const wanted = Number(context.df.getInput());
  const got: unknown[] = [];
  while (got.length < wanted) {
    const value: unknown = yield context.df.waitForExternalEvent('tick');
    got.push(yield context.df.callActivity('double', value));
    context.df.setCustomStatus(got.length);
  }
  return got;
});
