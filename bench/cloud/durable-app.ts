/** The functions that durable.ts measures; their activities do nothing, so that what is left is the engine. */
import * as df from 'durable-functions';

df.app.activity('increment', { handler: (input: unknown) => Number(input) + 1 });

df.app.orchestration('sequence', function* (context) {
  const { count } = context.df.getInput<{ count: number }>();
  let value = 0;
  for (let index = 0; index < count; index++) {
    value = (yield context.df.callActivity('increment', value)) as number;
  }
  return value;
});

df.app.orchestration('fanOut', function* (context) {
  const { count } = context.df.getInput<{ count: number }>();
  const tasks = Array.from({ length: count }, (_, index) => context.df.callActivity('increment', index));
  const results = (yield context.df.Task.all(tasks)) as number[];
  return results.length;
});

df.app.orchestration('generations', function* (context) {
  const { left } = context.df.getInput<{ left: number }>();
  yield context.df.callActivity('increment', left);
  if (left > 1) {
    context.df.continueAsNew({ left: left - 1 });
    return;
  }
  return 'last';
});
