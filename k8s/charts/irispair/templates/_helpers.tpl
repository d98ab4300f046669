{{/* Names, labels, sizes and images that several manifests use. */}}

{{- define "irispair.name" -}}
{{- if contains "irispair" .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-irispair" .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "irispair.selector" -}}
app.kubernetes.io/name: irispair
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "irispair.labels" -}}
{{ include "irispair.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of a container: (dict "root" $ "of" .Values.graph). */}}
{{- define "irispair.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := .of.image -}}
{{- if $image.registry }}{{ $name = printf "%s/%s" (trimSuffix "/" $image.registry) $name }}{{ end -}}
{{- if .of.digest -}}
{{- printf "%s@%s" $name .of.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "irispair.serviceAccount" -}}
{{- default (include "irispair.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* Mebibytes of a size in Mi, Gi or Ti. */}}
{{- define "irispair.mebibytes" -}}
{{- if hasSuffix "Ti" . -}}
{{- mul 1048576 (trimSuffix "Ti" . | int64) -}}
{{- else if hasSuffix "Gi" . -}}
{{- mul 1024 (trimSuffix "Gi" . | int64) -}}
{{- else -}}
{{- trimSuffix "Mi" . | int64 -}}
{{- end -}}
{{- end -}}

{{/* Mebibytes of the hugepages that both arenas take: an eye's bytes are rounded up to cache lines, an arena to pages. */}}
{{- define "irispair.arenaMebibytes" -}}
{{- $eye := eq .Values.mode "shared" | ternary 38400 2432 -}}
{{- $pages := div (add (mul (int64 .Values.capacity) $eye) 2097151) 2097152 -}}
{{- mul 2 2 $pages -}}
{{- end -}}

{{/* Mebibytes that the capacity's irises take in LMDB: each lies on pages of 4 KiB of its own. */}}
{{- define "irispair.irisStoreMebibytes" -}}
{{- $bytes := eq .Values.mode "shared" | ternary 77824 8192 -}}
{{- div (add (mul (int64 .Values.capacity) $bytes) 1048575) 1048576 -}}
{{- end -}}

{{- define "irispair.isPostgres" -}}
{{- if hasPrefix "postgres" . }}yes{{ end -}}
{{- end -}}

{{/* Requests that equal limits: only then the pod is Guaranteed, and the kubelet gives its containers CPUs of their own. */}}
{{- define "irispair.resources" -}}
{{- range $of := list "requests" "limits" }}
{{ $of }}:
  cpu: {{ $.cpus | toString | quote }}
  memory: {{ $.memory }}
  {{- with $.hugepages }}
  hugepages-2Mi: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* What the restricted pod security standard asks of a container; SYS_NICE only where the process binds memory. */}}
{{- define "irispair.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- if eq .Values.memoryBinding "process" }}
  add: [SYS_NICE]
{{- end }}
{{- end -}}

{{/* A setting of the services that both have. */}}
{{- define "irispair.commonSettings" -}}
- name: IRIS_STORE_INITIAL_CAPACITY
  value: {{ int64 .Values.capacity | quote }}
- name: IRISPAIR_PLACEMENT
  value: split
- name: IRISPAIR_PLACEMENT_STRICT
  value: {{ .Values.numa.strict | ternary "1" "0" | quote }}
- name: IRISPAIR_MEMORY_BINDING
  value: {{ .Values.memoryBinding }}
# Both, since a container has the CPUs of its own node alone.
- name: IRIS_MPC_NUMA_TOKIO_NODE
  value: {{ int .Values.numa.graphNode | quote }}
- name: IRIS_MPC_NUMA_WORKER_NODE
  value: {{ int .Values.numa.irisNode | quote }}
{{- if .Values.store.passwordSecret.name }}
- name: IRISPAIR_STORE_PASSWORD_FILE
  value: /run/secrets/store/password
{{- end }}
{{- if eq .Values.mode "shared" }}
- name: IRISPAIR_MODE
  value: shared
- name: IRISPAIR_PARTY
  value: {{ int .Values.party.index | quote }}
- name: IRISPAIR_PARTY_CERTIFICATE
  value: /run/secrets/party/certificate
- name: IRISPAIR_PARTY_KEY
  value: /run/secrets/party/key
- name: IRISPAIR_PARTY_CERTIFICATES
  value: /run/secrets/party/certificates
{{- end }}
{{- if .Values.tracing.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.tracing.endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: grpc
- name: OTEL_TRACES_SAMPLER
  value: parentbased_traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .Values.tracing.share | quote }}
{{- end }}
{{- end -}}

{{/* Settings of one service that the values add, by name: (dict "settings" .Values.graph.settings). */}}
{{- define "irispair.furtherSettings" -}}
{{- range $name, $value := .settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{/* Mounts that both containers have. */}}
{{- define "irispair.commonMounts" -}}
- name: hop
  mountPath: /run/irispair
- name: tmp
  mountPath: /tmp
{{- if .Values.store.passwordSecret.name }}
- name: store-password
  mountPath: /run/secrets/store
  readOnly: true
{{- end }}
{{- if eq .Values.mode "shared" }}
- name: party
  mountPath: /run/secrets/party
  readOnly: true
{{- end }}
{{- end -}}

{{/* Probes of a container: (dict "root" $ "port" 50071). */}}
{{- define "irispair.probes" -}}
startupProbe:
  grpc: { port: {{ .port }}, service: alive }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: {{ div (add 1 (int .root.Values.probes.startSeconds)) 2 }}
livenessProbe:
  grpc: { port: {{ .port }}, service: alive }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: {{ max 1 (div (int .root.Values.probes.aliveSeconds) 10) }}
readinessProbe:
  grpc: { port: {{ .port }}, service: ready }
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 1
{{- end -}}

{{/* A constraint without a selector would count no pod. A release has one, so that all pairs of the namespace count. */}}
{{- define "irispair.spread" -}}
{{- if hasKey . "labelSelector" -}}
{{- toYaml . -}}
{{- else -}}
{{- set (deepCopy .) "labelSelector" (dict "matchLabels" (dict "app.kubernetes.io/name" "irispair")) | toYaml -}}
{{- end -}}
{{- end -}}
