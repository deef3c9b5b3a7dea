/**
 * No decision can be made from what was measured, or a module of the deployed app answered nonsense. Fails the
 * attempt as `strategy-precondition` with this message.
 */
export class StrategyFault extends Error {}
