/** How the build of the images says that no Docker engine can run here. */
export const NO_ENGINE_EXIT_CODE = 75;
