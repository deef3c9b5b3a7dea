import { badRequest, CosmosFailure } from './failure.ts';
import { SqlError, SqlUnsupported } from './sql/sql-error.ts';

/** Runs query code and gives its errors the service's statuses: 400 for a wrong query, 501 for a missing feature. */
export function inSqlTerms<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof SqlError) throw badRequest(error.message);
    if (error instanceof SqlUnsupported) throw new CosmosFailure(501, 'NotImplemented', `${error.message}.`);
    throw error;
  }
}
