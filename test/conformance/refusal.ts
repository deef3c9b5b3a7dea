/** Status and error code of a refusal, as `409 BlobAlreadyExists`; `ok` when there was none. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof Error) || !('statusCode' in error)) throw error;
    const { statusCode } = error;
    const code = 'code' in error ? error.code : undefined;
    return `${String(statusCode)} ${String(code)}`;
  }
}
