/**
 * What a node of Amazon Linux 2023 is started with: MIME parts, as cloud-init and nodeadm read them.
 *
 * 1. A shell script installs `reserve-hugepages` with a unit that the kubelet requires, so that it holds after a reboot
 *    too, and starts it. cloud-init runs it before nodeadm starts the kubelet.
 * 2. A NodeConfig, which nodeadm merges with what EKS gives it of the cluster.
 */
import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { plannedKubelet } from './kubelet.js';
import type { NodePlan } from './node-plan.js';

const BOUNDARY = 'IRISPAIR-NODE';
const SCRIPT = new URL('../../node-setup/reserve-hugepages.sh', import.meta.url);

/** YAML as every rendered file has it. */
export function yaml(document: unknown): string {
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The NodeConfig of nodeadm, without the cluster's details. */
export function nodeConfig(plan: NodePlan): string {
  return yaml({
    apiVersion: 'node.eks.aws/v1alpha1',
    kind: 'NodeConfig',
    spec: { kubelet: { config: plannedKubelet(plan) } },
  });
}

/** The shell script that reserves the pages now and at every boot, without its first line. */
export function reservingScript({ iris }: NodePlan): string {
  return `set -eu
install -d -m 0755 /usr/local/sbin
cat > /usr/local/sbin/irispair-reserve-hugepages <<'IRISPAIR_SCRIPT'
${readFileSync(SCRIPT, 'utf8')}IRISPAIR_SCRIPT
chmod 0755 /usr/local/sbin/irispair-reserve-hugepages
cat > /etc/systemd/system/irispair-hugepages.service <<'IRISPAIR_UNIT'
[Unit]
Description=Hugepages of node ${iris.node} for IrisPair
Before=nodeadm-run.service kubelet.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/irispair-reserve-hugepages ${iris.node} ${iris.hugepages}
StandardOutput=journal+console
StandardError=journal+console

[Install]
WantedBy=multi-user.target
RequiredBy=kubelet.service
IRISPAIR_UNIT
systemctl daemon-reload
systemctl enable --now irispair-hugepages.service
`;
}

/** User data of a launch template. */
export function userData(plan: NodePlan): string {
  const parts = [
    ['text/x-shellscript; charset="us-ascii"', `#!/bin/sh\n${reservingScript(plan)}`],
    ['application/node.eks.aws', `---\n${nodeConfig(plan)}`],
  ];
  const written = parts.map(([type, body]) => `--${BOUNDARY}\nContent-Type: ${type}\n\n${body}\n`);
  return `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${BOUNDARY}"\n\n${written.join('')}--${BOUNDARY}--\n`;
}
