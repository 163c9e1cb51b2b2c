/** A process's address, as a URL or `host:port`, in the parts Druid shows. */
export type Address = {
  /** `host:port`, or what there is of it. */
  readonly location: string | null;
  readonly host: string | null;
  /** -1: not known. */
  readonly port: number;
};

export function hostAndPort(address: string | null): Address {
  if (address === null) return { location: null, host: null, port: -1 };
  const plain = /^([^/@]+):(\d{1,5})$/.exec(address);
  if (plain) return { location: address, host: plain[1] ?? address, port: Number(plain[2]) };
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url?.hostname) return { location: address, host: address, port: -1 };
  return { location: url.host, host: url.hostname, port: url.port === '' ? -1 : Number(url.port) };
}
