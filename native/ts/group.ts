/** Groups of users, by name or number. */
import { MisconfiguredError } from '@irispair/common/errors/errors';
import { binding } from './binding.js';

/** One less is the highest id: the kernel takes this one for "leave it". */
const NO_GROUP = 0xffff_ffff;

/**
 * The id of a group.
 * @param setting names the setting in an error
 * @param group name or number
 * @throws MisconfiguredError when this machine knows no group of that name, or the number is none
 */
export function readGroup(setting: string, group: string): number {
  const id = /^\d+$/.test(group) ? Number(group) : binding.groupId(group);
  if (id !== null && id < NO_GROUP) return id;
  throw new MisconfiguredError(
    `${setting}=${JSON.stringify(group)}: this machine knows no such group: give a group's name, or its number`,
  );
}
