/** The product's version: that of every package, of the command and of both services. */
export const VERSION = '0.1.0';
