/** Where the .proto files lie, for clients and servers that load them at run time (proto-loader, reflection). */
import { fileURLToPath } from 'node:url';

/** Directory to pass as `includeDirs`. */
export const PROTO_ROOT = fileURLToPath(new URL('../', import.meta.url));

/** The public API, relative to {@link PROTO_ROOT}. */
export const PUBLIC_API_PROTO = 'irispair/v1/irispair.proto';

/** The hop, relative to {@link PROTO_ROOT}. */
export const HOP_PROTO = 'irispair/compute/v1/compute.proto';

/** Standard health, as reflection tells of it, relative to {@link PROTO_ROOT}. */
export const HEALTH_PROTO = 'grpc/health/v1/health.proto';
