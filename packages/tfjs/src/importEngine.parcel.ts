import { deviceSources, type TfjsDevice } from "./devices.js";

/**
 * What Parcel takes for `importEngine` (the field `alias` of package.json): it has no way to leave out a package that is not installed,
 * so that programs which it bundles import their engine themselves.
 */
export async function importEngine(device: TfjsDevice): Promise<unknown> {
  const { package: name } = deviceSources[device];
  throw new Error(`Parcel bundles only the engines that the program itself imports; add import "${name}"`);
}
