/** The product's version, as package.json states it; a test keeps the two equal. */
export const version = '0.1.0';
