/** `npm run bench`: what is measured, against what. */
import { runKernelBench } from './kernel.js';

runKernelBench();
