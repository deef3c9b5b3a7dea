/** The durable engine as handlers see it. */
export interface Orchestrations {
  /** Starts the experiment's instance; one that exists already is left alone. */
  startExperiment(experiment: string): Promise<void>;
  /** Wakes an instance. One that is gone or finished needs no waking: not an error. */
  wake(instanceId: string, event: 'quorum' | 'settled' | 'control'): Promise<void>;
  /** Whether the instance exists and has not ended. Throws where the engine does not say. */
  isRunning(instanceId: string): Promise<boolean>;
  /** The custom status of an instance, or undefined where there is none. */
  status(instanceId: string): Promise<unknown>;
}
