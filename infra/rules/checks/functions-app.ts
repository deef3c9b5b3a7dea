import { isIsolated } from '../conditions.ts';
import { at } from '../evaluate/access.ts';
import { known, optionsOf, show } from '../evaluate/value.ts';
import { deployed, equals, exactly, nameOf, oneOf, propertyRule, set } from '../property-rule.ts';
import type { Rule } from '../rule.ts';

const site = 'Microsoft.Web/sites';
const config = `${site}/config`;
const checklist = '7 Functions';

const isAuthentication = (instance: Parameters<typeof nameOf>[0]): boolean =>
  nameOf(instance) === 'authsettingsV2';

const siteRule = (
  id: string,
  path: string,
  expect: ReturnType<typeof equals>,
  title: string,
  fix: string,
): Rule => propertyRule({ id, checklist, title, fix, type: site, path, expect });

const authenticationRule = (
  id: string,
  path: string,
  expect: ReturnType<typeof equals>,
  title: string,
  fix: string,
): Rule =>
  propertyRule({
    id,
    checklist,
    title,
    fix,
    type: config,
    path: `properties.${path}`,
    expect,
    where: isAuthentication,
    symbol: 'authentication',
  });

export const functionsAppRules: readonly Rule[] = [
  siteRule(
    'site-https-only',
    'properties.httpsOnly',
    equals(true, false),
    'The API refuses plain HTTP.',
    'Set httpsOnly to true.',
  ),
  siteRule(
    'site-tls',
    'properties.siteConfig.minTlsVersion',
    oneOf(['1.2', '1.3'], '1.0'),
    'The API speaks TLS 1.2 or newer.',
    "Set siteConfig.minTlsVersion to '1.2'.",
  ),
  siteRule(
    'site-deployment-tls',
    'properties.siteConfig.scmMinTlsVersion',
    oneOf(['1.2', '1.3'], '1.0'),
    'The deployment endpoint speaks TLS 1.2 or newer.',
    "Set siteConfig.scmMinTlsVersion to '1.2'.",
  ),
  siteRule(
    'site-no-ftp',
    'properties.siteConfig.ftpsState',
    equals('Disabled', 'AllAllowed'),
    'Nothing is published by FTP.',
    "Set siteConfig.ftpsState to 'Disabled'.",
  ),
  siteRule(
    'site-no-debugger',
    'properties.siteConfig.remoteDebuggingEnabled',
    equals(false, true),
    'No debugger attaches to the app from afar.',
    'Set siteConfig.remoteDebuggingEnabled to false.',
  ),
  siteRule(
    'site-http2',
    'properties.siteConfig.http20Enabled',
    equals(true, false),
    'The API speaks HTTP/2.',
    'Set siteConfig.http20Enabled to true.',
  ),
  siteRule(
    'site-no-cors',
    'properties.siteConfig.cors.allowedOrigins',
    exactly([], "['*']"),
    'No page of another origin may call the API.',
    'Leave siteConfig.cors.allowedOrigins empty.',
  ),
  siteRule(
    'site-identities',
    'identity.type',
    equals('UserAssigned', 'SystemAssigned'),
    'The app has user-assigned identities only, each with rights of its own.',
    "Set identity.type to 'UserAssigned'.",
  ),
  siteRule(
    'site-package-identity',
    'properties.functionAppConfig.deployment.storage.authentication.type',
    equals('UserAssignedIdentity', 'StorageAccountConnectionString'),
    'The package is fetched by an identity, not by a connection string.',
    "Set deployment.storage.authentication.type to 'UserAssignedIdentity'.",
  ),
  siteRule(
    'site-runtime',
    'properties.functionAppConfig.runtime.version',
    oneOf(['20', '22', '24'], '18'),
    'The app runs on a Node version that is supported and that it was built for.',
    "Set functionAppConfig.runtime.version to '22'.",
  ),
  propertyRule({
    id: 'site-plan',
    checklist,
    title: 'The plan is Flex Consumption, which joins networks and bills by use.',
    fix: "Set sku.name to 'FC1'.",
    type: 'Microsoft.Web/serverfarms',
    path: 'sku.name',
    expect: equals('FC1', 'Y1'),
  }),
  propertyRule({
    id: 'site-in-network',
    checklist: '8 Network',
    title: 'With network isolation all that the app sends leaves by our network.',
    fix: 'Set outboundVnetRouting.allTraffic to true when networkIsolation is true.',
    type: site,
    path: 'properties.outboundVnetRouting.allTraffic',
    expect: equals(true, false),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  propertyRule({
    id: 'site-subnet',
    checklist: '8 Network',
    title: 'With network isolation the app is in a subnet.',
    fix: 'Set virtualNetworkSubnetId when networkIsolation is true.',
    type: site,
    path: 'properties.virtualNetworkSubnetId',
    expect: set('null'),
    where: (_instance, deployment) => isIsolated(deployment),
  }),
  authenticationRule(
    'site-entra',
    'platform.enabled',
    equals(true, false),
    'The platform checks tokens before the code does.',
    'Set platform.enabled to true in authsettingsV2.',
  ),
  authenticationRule(
    'site-entra-required',
    'globalValidation.requireAuthentication',
    equals(true, false),
    'Nobody reaches the API without a token.',
    'Set globalValidation.requireAuthentication to true.',
  ),
  authenticationRule(
    'site-entra-refuses',
    'globalValidation.unauthenticatedClientAction',
    equals('Return401', 'AllowAnonymous'),
    'A call without a token is refused with 401.',
    "Set globalValidation.unauthenticatedClientAction to 'Return401'.",
  ),
  authenticationRule(
    'site-entra-open-paths',
    'globalValidation.excludedPaths',
    exactly(['/api/health', '/api/schemas/experiment.json'], "['/api/*']"),
    'Two pages alone are open: health and the schema of experiments.',
    'Keep globalValidation.excludedPaths to these two.',
  ),
  authenticationRule(
    'site-entra-https',
    'httpSettings.requireHttps',
    equals(true, false),
    'Tokens are taken over HTTPS only.',
    'Set httpSettings.requireHttps to true.',
  ),
  authenticationRule(
    'site-entra-audience',
    'identityProviders.azureActiveDirectory.validation.allowedAudiences',
    set('[]'),
    'Tokens are taken for this API only.',
    'Set validation.allowedAudiences to the API’s client id.',
  ),
  authenticationRule(
    'site-entra-issuer',
    'identityProviders.azureActiveDirectory.registration.openIdIssuer',
    set(),
    'Tokens are taken of a named issuer only.',
    'Set registration.openIdIssuer to the tenant’s v2.0 issuer.',
  ),
  authenticationRule(
    'site-no-token-store',
    'login.tokenStore.enabled',
    equals(false, true),
    'The platform keeps no tokens of callers.',
    'Set login.tokenStore.enabled to false.',
  ),
  {
    id: 'site-no-passwords',
    checklist,
    title: 'No password publishes to the app, by FTP or by the deployment endpoint.',
    fix: "Have basicPublishingCredentialsPolicies 'ftp' and 'scm' with allow: false.",
    mutations: [
      {
        kind: 'set',
        type: `${site}/basicPublishingCredentialsPolicies`,
        path: 'properties.allow',
        to: 'true',
      },
      { kind: 'drop', type: `${site}/basicPublishingCredentialsPolicies` },
    ],
    check({ deployment }) {
      const sites = deployed(deployment, site);
      const policies = deployed(deployment, `${site}/basicPublishingCredentialsPolicies`);
      const findings = sites.flatMap((one) =>
        ['ftp', 'scm'].flatMap((name) => {
          const policy = policies.find(
            ({ parent, ...rest }) => parent === one && nameOf({ parent, ...rest }) === name,
          );
          const allow = policy === undefined ? undefined : at(policy.body, 'properties.allow');
          if (allow !== undefined && known(allow) === false) return [];
          return [{ place: allow?.place ?? one.place, message: `passwords of ${name} are not off` }];
        }),
      );
      return { subjects: sites.length, findings };
    },
  },
  {
    id: 'site-settings-by-identity',
    checklist: '1 Identity',
    title:
      'The host reaches storage and Service Bus by identity, and telemetry is sent as an Entra identity.',
    fix: "Set {connection}__credential to 'managedidentity' and APPLICATIONINSIGHTS_AUTHENTICATION_STRING to …;Authorization=AAD.",
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/app-settings.bicep',
        find: /AzureWebJobsStorage__credential: .*\n/,
        by: '',
      },
      {
        kind: 'replace',
        path: 'infra/modules/app-settings.bicep',
        find: /;Authorization=AAD/,
        by: '',
      },
    ],
    check({ deployment }) {
      const settings = deployed(deployment, config).filter((one) => nameOf(one) === 'appsettings');
      const findings = settings.flatMap((one) => {
        const properties = at(one.body, 'properties');
        const all = properties === undefined ? [] : optionsOf(properties);
        return all.flatMap((option) => {
          const text = (name: string): string => {
            const value = at(option, name);
            return value === undefined ? '' : show(value);
          };
          const missing = ['AzureWebJobsStorage', 'ServiceBusConnection'].filter(
            (name) => text(`${name}__credential`) !== "'managedidentity'",
          );
          const telemetry = text('APPLICATIONINSIGHTS_AUTHENTICATION_STRING').includes('Authorization=AAD');
          const wrong = [...missing, ...(telemetry ? [] : ['telemetry'])];
          return wrong.map((name) => ({ place: one.place, message: `${name} is not reached by identity` }));
        });
      });
      return { subjects: settings.length, findings };
    },
  },
  {
    id: 'site-no-connection-strings',
    checklist: '1 Identity',
    title: 'No setting holds a key or a connection string that holds one.',
    fix: 'Use {connection}__credential and an identity.',
    mutations: [
      {
        kind: 'replace',
        path: 'infra/modules/app-settings.bicep',
        find: /AzureWebJobsStorage__accountName: .*/,
        by: "AzureWebJobsStorage__accountName: 'AccountName=${hostAccountName};AccountKey=abc'",
      },
    ],
    check({ deployment }) {
      const settings = deployed(deployment, config).filter((one) => nameOf(one) === 'appsettings');
      const findings = settings.flatMap((one) => {
        const properties = at(one.body, 'properties');
        const entries = (properties === undefined ? [] : optionsOf(properties)).flatMap((option) =>
          option.kind === 'object' ? [...option.entries] : [],
        );
        return entries
          .filter(
            ([name, value]) =>
              /AccountKey=|SharedAccessKey=|SharedAccessSignature=|listKeys/i.test(show(value)) ||
              ['AzureWebJobsStorage', 'ServiceBusConnection'].includes(name),
          )
          .map(([name, value]) => ({ place: value.place ?? one.place, message: `${name} holds a key` }));
      });
      return { subjects: settings.length, findings };
    },
  },
];
