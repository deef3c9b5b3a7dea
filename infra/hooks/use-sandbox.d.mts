export function coordinatorSandboxes(): string[];
export function sandboxText(name: string): string;
