/** Gives the bundle's file URL. */
export function bundleScript(entry: string): Promise<string>;
