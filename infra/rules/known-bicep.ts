/** Functions of Bicep that the templates may call, from Microsoft's page "Bicep functions"; looked up on 2026-11-24. */
const ofDecorators = 'allowed batchSize description maxLength maxValue minLength minValue secure';
const ofValues = `
  any array base64 bool cidrHost cidrSubnet concat contains empty endsWith filter first flatten format guid indexOf int
  intersection items join json last length loadJsonContent loadTextContent map max min objectKeys padLeft range
  readEnvironmentVariable reduce replace skip sort split startsWith string substring take toLower toObject toUpper trim
  tryGet union uniqueString uri uriComponent`;
const ofScopes = `
  deployer deployment environment managementGroup resourceGroup subscription tenant extensionResourceId resourceId
  subscriptionResourceId tenantResourceId`;

export const bicepFunctions: ReadonlySet<string> = new Set(
  [ofDecorators, ofValues, ofScopes].flatMap((names) => names.trim().split(/\s+/)),
);
