export const ACCOUNT = 'tributarydata';
