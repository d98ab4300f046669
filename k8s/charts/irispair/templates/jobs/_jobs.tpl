{{/* What the Jobs that check have in common. */}}

{{/* Not the pair's: a Service or a policy that selects the pair leaves these pods out. */}}
{{- define "irispair.checkSelector" -}}
app.kubernetes.io/name: irispair-check
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "irispair.checkLabels" -}}
{{ include "irispair.checkSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Before an installation the pair's service account is not there yet: these pods need none. */}}
{{- define "irispair.checkPod" -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsGroup: 10000
  fsGroup: 10000
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{/* Of a container that binds nothing, whatever binds the pair's memory. */}}
{{- define "irispair.plainSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Of the services' settings those that say where they run: the check decides as they will. */}}
{{- define "irispair.placementSettings" -}}
{{- range fromYamlArray (include "irispair.commonSettings" .) }}
{{- if regexMatch "^(IRIS_MPC_NUMA_|IRISPAIR_PLACEMENT$|IRISPAIR_MEMORY_BINDING$)" .name }}
- name: {{ .name }}
  value: {{ .value | quote }}
{{- end }}
{{- end }}
{{- end -}}
