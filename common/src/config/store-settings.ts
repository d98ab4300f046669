/** The settings of a service's store, alike in both services. */
import { z } from 'zod';
import { problemOfPlace, STORE_FORMS } from '../store/store-place.js';
import { secretIssue } from './environment.js';

/** What a store setting holds: a directory, or a `postgres://` URL. */
export function storeSetting() {
  return z.string(STORE_FORMS).superRefine((place, context) => {
    const problem = problemOfPlace(place);
    if (problem !== undefined) context.addIssue(secretIssue(`${problem}: ${STORE_FORMS}`));
  });
}

/** Zod shape to spread into a service's schema. */
export const STORE_SETTINGS = {
  /** File with the password of the PostgreSQL store; not set: the URL's password, or PGPASSWORD. */
  IRISPAIR_STORE_PASSWORD_FILE: z.string('give the path of a file').optional(),
} satisfies z.ZodRawShape;
