/** Modes of a pair, and how much they store of an iris. */
import { IRIS_RECORD_BYTES } from '@irispair/native/engine-types';
import { SHARED_IRIS_RECORD_BYTES } from '@irispair/native/shared-engine-types';

/** `plain`: irises in the clear. `shared`: one party's shares of them. */
export const MODES = ['plain', 'shared'] as const;
export type PairMode = (typeof MODES)[number];

/** Bytes of both eyes, as arenas hold them. */
export const RECORD_BYTES = { plain: IRIS_RECORD_BYTES, shared: SHARED_IRIS_RECORD_BYTES } as const;
