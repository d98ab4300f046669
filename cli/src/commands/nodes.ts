/** `nodes`: how a Kubernetes node is divided for a pair, and what it is started with. */
import { HIGHEST_SERIAL_ID } from '@irispair/common/ids/vector-id';
import { hostname } from 'node:os';
import { formatCpuList } from '@irispair/common/placement/cpu-list';
import { readTopology } from '@irispair/native/topology';
import { Option, type Command } from 'commander';
import { factsOfInstance } from '../nodes/instance-types.js';
import { factsOf, readFacts, type WrittenFacts } from '../nodes/machine-facts.js';
import type { Cluster } from '../nodes/node-group.js';
import { planNodeOrAdvise, type NodePlan } from '../nodes/node-plan.js';
import { MODES, type PairMode } from '../nodes/pair-mode.js';
import { FORMS, renderPlan, type Form } from '../nodes/render.js';
import { describePlan, SIZE_HEAD, sizeRow, sizes } from '../nodes/tables.js';
import { formatOf, print, table } from '../output/print.js';
import { integerArgument, jsonOption } from './options.js';

interface WishOptions {
  readonly instance?: string;
  readonly facts?: string;
  readonly capacity: number;
  readonly mode: PairMode;
}

interface RenderOptions extends WishOptions {
  readonly cluster: string;
  readonly region?: string;
  readonly kubernetesVersion: string;
}

/** Adds the commands. */
export function addNodesCommands(program: Command): void {
  const nodes = program
    .command('nodes')
    .description('divide a Kubernetes node for a pair: hugepages, reserved memory, the kubelet');
  addWish(nodes.command('plan'))
    .description(
      'pages, reserved memory and the containers of a pair; what cannot fit is refused with what would',
    )
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  irispair nodes plan --instance c5.18xlarge --capacity 1000000')
    .action((options: WishOptions & { json?: boolean }) => {
      const plan = planOf(options);
      print(formatOf(options) === 'json' ? JSON.stringify(plan) : describePlan(plan));
    });
  addWish(nodes.command('render <form>'))
    .description(`what a planned node is started with: ${FORMS.join(', ')}`)
    .option('--cluster <name>', 'name of the EKS cluster', 'irispair')
    .option('--region <region>', 'eksctl: AWS region of the cluster')
    .option('--kubernetes-version <version>', 'eksctl: of the cluster', '1.35')
    .addHelpText(
      'after',
      '\nExample:\n  irispair nodes render eksctl --instance c5.18xlarge --capacity 1000000 --region eu-central-1 > cluster.yaml',
    )
    .action((form: string, options: RenderOptions, command: Command) => {
      const known = readForm(form, command);
      if (known === 'eksctl' && options.region === undefined)
        command.error('--region: say in which region the cluster is');
      process.stdout.write(renderPlan(known, planOf(options), clusterOf(options)));
    });
  nodes
    .command('facts')
    .description('the nodes of this machine, to plan with: run it on an instance of the type that you want')
    .option('--name <name>', 'what to call the machine: its instance type', hostname())
    .addHelpText('after', '\nExample:\n  irispair nodes facts --name c5.18xlarge > facts.json')
    .action(({ name }: { name: string }) => {
      print(writtenFacts(name));
    });
  nodes
    .command('sizes')
    .description('EC2 instance types as they are documented, and how many irises fit')
    .addOption(jsonOption())
    .action((options: { json?: boolean }) => {
      if (formatOf(options) === 'json') print(JSON.stringify(sizes()));
      else print(table(SIZE_HEAD, sizes().map(sizeRow)));
    });
}

function addWish(command: Command): Command {
  return command
    .addOption(new Option('--instance <type>', 'EC2 instance type, as it is documented').conflicts('facts'))
    .option('--facts <file>', 'facts of a machine, written by irispair nodes facts')
    .requiredOption(
      '--capacity <irises>',
      'irises that the arenas hold',
      integerArgument(1, HIGHEST_SERIAL_ID),
    )
    .addOption(new Option('--mode <mode>', 'what irises are').choices(MODES).default('plain'))
    .hook('preAction', () => {
      const { instance, facts } = command.opts<WishOptions>();
      if (instance === undefined && facts === undefined) {
        command.error('--instance or --facts: say which machine');
      }
    });
}

function planOf({ instance, facts, capacity, mode }: WishOptions): NodePlan {
  const machine = facts === undefined ? factsOfInstance(instance ?? '') : readFacts(facts);
  return planNodeOrAdvise({ machine, mode, capacity });
}

function clusterOf({ cluster, region = '', kubernetesVersion }: RenderOptions): Cluster {
  return { name: cluster, region, kubernetesVersion };
}

function readForm(text: string, command: Command): Form {
  const form = FORMS.find((one) => one === text);
  return form ?? command.error(`${text}: give one of ${FORMS.join(', ')}`);
}

function writtenFacts(name: string): string {
  const facts = factsOf(readTopology(), name);
  const written: WrittenFacts = {
    name: facts.name,
    architecture: facts.architecture,
    threadsPerCore: facts.threadsPerCore,
    nodes: facts.nodes.map((node) => ({ ...node, cpus: formatCpuList(node.cpus) })),
  };
  return JSON.stringify(written, undefined, 2);
}
