// Before `azd provision`: the API's app registration exists, and azd knows its client id.
import { ensureApiRegistration } from './api-registration.mjs';
import { run } from './commands.mjs';

const environment = process.env['AZURE_ENV_NAME'];
try {
  if (!environment) throw new Error('AZURE_ENV_NAME is not set: run this through azd.');
  if (process.env['API_CLIENT_ID']) {
    process.stdout.write(`API: app registration ${process.env['API_CLIENT_ID']} (API_CLIENT_ID)\n`);
  } else {
    const { clientId, made } = ensureApiRegistration(`tributary-${environment}`, run);
    run('azd', ['env', 'set', 'API_CLIENT_ID', clientId]);
    process.stdout.write(`API: ${made ? 'made' : 'found'} app registration ${clientId}\n`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.stderr.write(
    'Whoever may make app registrations can do it apart: docs/provisioning.md, "The API\'s app registration".\n',
  );
  process.exit(1);
}
