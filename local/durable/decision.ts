/** What an orchestrator wants to have done, under the task id that its SDK knows it by. Inputs are JSON text. */
export type Decision =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: string | null }
  | {
      readonly kind: 'subOrchestration';
      readonly id: number;
      readonly name: string;
      readonly input: string;
      readonly version: string;
      /** undefined lets the engine choose one. */
      readonly instanceId: string | undefined;
    }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAt: Date };
