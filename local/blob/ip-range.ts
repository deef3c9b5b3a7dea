/** Whether an IPv4 address is `first` or lies in `first-last`. An address of another family never is. */
export function addressIsWithin(address: string, range: string): boolean {
  const [first = '', last = first, ...more] = range.split('-');
  const [value, low, high] = [address, first, last].map(toNumber);
  if (value === undefined || low === undefined || high === undefined || more.length > 0) return false;
  return low <= value && value <= high;
}

function toNumber(address: string): number | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return undefined;
  const parts = address.split('.').map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
