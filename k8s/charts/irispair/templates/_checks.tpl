{{/* What cannot work is refused with a sentence: the value, the limit, the remedy. */}}

{{- define "irispair.checks" -}}
{{- include "irispair.checkCapacity" . -}}
{{- include "irispair.checkCpus" . -}}
{{- include "irispair.checkNodes" . -}}
{{- include "irispair.checkStores" . -}}
{{- include "irispair.checkParty" . -}}
{{- include "irispair.checkNetwork" . -}}
{{- include "irispair.checkSettings" . -}}
{{- range .Values.sidecars }}{{ include "irispair.checkSidecar" . }}{{ end -}}
{{- if eq .Values.image.tag "latest" -}}
{{- fail "image.tag: latest names another image every day: give a version, or digests" -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkCapacity" -}}
{{- $needed := include "irispair.arenaMebibytes" . | int64 -}}
{{- $given := include "irispair.mebibytes" .Values.iris.hugepages | int64 -}}
{{- if ne (mod $given 2) 0 -}}
{{- fail (printf "iris.hugepages: %s is no whole number of 2 MiB pages: give %dMi" .Values.iris.hugepages (add1 $given)) -}}
{{- end -}}
{{- if lt $given $needed -}}
{{- fail (printf "iris.hugepages: %s do not hold the irises: a capacity of %d in %s mode takes %dMi: give at least that, or lower capacity" .Values.iris.hugepages (int64 .Values.capacity) .Values.mode $needed) -}}
{{- end -}}
{{- if .Values.node.hugepages -}}
{{- $reserved := include "irispair.mebibytes" .Values.node.hugepages | int64 -}}
{{- if gt $given $reserved -}}
{{- fail (printf "iris.hugepages: %s are more than the %s that a node has reserved (node.hugepages): reserve more pages on its iris node (docs/eks.md), or lower capacity" .Values.iris.hugepages .Values.node.hugepages) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkCpus" -}}
{{- range $name, $cpus := dict "graph.cpus" .Values.graph.cpus "iris.cpus" .Values.iris.cpus -}}
{{- if not (regexMatch "^[1-9][0-9]*$" (toString $cpus)) -}}
{{- fail (printf "%s: %v is no whole number of CPUs: the kubelet gives a container CPUs of its own only for whole ones: give an integer from 1" $name $cpus) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkNodes" -}}
{{- if eq (int .Values.numa.graphNode) (int .Values.numa.irisNode) -}}
{{- fail (printf "numa.irisNode: %d is the graph service's node too: name two nodes" (int .Values.numa.irisNode)) -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkStores" -}}
{{- if not (include "irispair.isPostgres" .Values.store.irises) -}}
{{- $needed := include "irispair.irisStoreMebibytes" . | int64 -}}
{{- if lt (include "irispair.mebibytes" .Values.store.volume.irises | int64) $needed -}}
{{- fail (printf "store.volume.irises: %s do not hold the irises: a capacity of %d in %s mode takes %dMi of it: give at least that" .Values.store.volume.irises (int64 .Values.capacity) .Values.mode $needed) -}}
{{- end -}}
{{- end -}}
{{- range $name, $url := dict "store.irises" .Values.store.irises "store.graph" .Values.store.graph -}}
{{- if regexMatch "^postgres(ql)?://[^/@]*:[^/@]*@" $url -}}
{{- fail (printf "%s: the URL holds a password, which everybody sees who reads the release: put it into a Secret and name that in store.passwordSecret" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkParty" -}}
{{- if eq .Values.mode "shared" -}}
{{- if not .Values.party.secret.name -}}
{{- fail "party.secret.name: missing: mode shared needs a Secret with this party's certificate and key, and the certificates of all three (docs/party-links.md)" -}}
{{- end -}}
{{- range $name, $addresses := dict "party.links" .Values.party.links "party.agreement" .Values.party.agreement -}}
{{- if ne (len $addresses) 3 -}}
{{- fail (printf "%s: %d addresses: mode shared needs those of all three parties, HOST:PORT each, party 0's first" $name (len $addresses)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "irispair.checkNetwork" -}}
{{- $policy := .Values.networkPolicy -}}
{{- if $policy.enabled -}}
{{- $isPostgres := or (include "irispair.isPostgres" .Values.store.irises) (include "irispair.isPostgres" .Values.store.graph) -}}
{{- if and $isPostgres (not $policy.databases) -}}
{{- fail "networkPolicy.databases: empty: the pod could not reach its database: say where it is, as peers of a NetworkPolicy, or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- if and (eq .Values.mode "shared") (not $policy.parties) -}}
{{- fail "networkPolicy.parties: empty: the other two parties could not be reached: say where they are, as peers of a NetworkPolicy, or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- if and .Values.tracing.endpoint (not $policy.collector) -}}
{{- fail "networkPolicy.collector: empty: traces could not be sent to tracing.endpoint: say where the collector is, as peers of a NetworkPolicy, or set networkPolicy.enabled to false" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Settings that the chart gives by values of their own. */}}
{{- define "irispair.checkSettings" -}}
{{- $own := list "IRIS_STORE_INITIAL_CAPACITY" "IRISPAIR_STORE_MAXIMUM_CAPACITY" "IRISPAIR_PLACEMENT" "IRISPAIR_PLACEMENT_STRICT" "IRISPAIR_MEMORY_BINDING" "IRIS_MPC_NUMA_TOKIO_NODE" "IRIS_MPC_NUMA_WORKER_NODE" "IRIS_MPC_NUMA_MEMORY_NODE" "IRISPAIR_HUGEPAGES" "IRISPAIR_HUGETLBFS" "IRISPAIR_LISTEN" "IRISPAIR_HTTP_LISTEN" "IRISPAIR_PROBE_LISTEN" "IRISPAIR_IRIS_SOCKET" "IRISPAIR_SOCKET_GROUP" "IRISPAIR_IRIS_STORE" "IRISPAIR_STORE_CREATE" "IRISPAIR_GRAPH_STORE" "IRISPAIR_STORE_PASSWORD_FILE" "IRISPAIR_WALKERS" "IRISPAIR_MODE" "IRISPAIR_PARTY" "IRISPAIR_PARTY_CERTIFICATE" "IRISPAIR_PARTY_KEY" "IRISPAIR_PARTY_CERTIFICATES" "IRISPAIR_PARTIES" "IRISPAIR_PARTY_LISTEN" "IRISPAIR_AGREEMENT" "IRISPAIR_AGREEMENT_LISTEN" "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_PROTOCOL" "OTEL_TRACES_SAMPLER" "OTEL_TRACES_SAMPLER_ARG" "PGPASSWORD" -}}
{{- range $of, $settings := dict "graph" .Values.graph.settings "iris" .Values.iris.settings -}}
{{- range $name, $_ := $settings -}}
{{- if not (regexMatch "^(IRIS|IRISPAIR|OTEL|NODE|PG)_?[A-Z0-9_]*$" $name) -}}
{{- fail (printf "%s.settings.%s: no setting of the service: those of README.md are named IRISPAIR_..., beside them there are OTEL_..., NODE_... and PG..." $of $name) -}}
{{- end -}}
{{- if has $name $own -}}
{{- fail (printf "%s.settings.%s: the chart sets it by values of its own: leave it out, see values.yaml" $of $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* One container that is not Guaranteed takes exclusive CPUs and memory nodes from the whole pod. */}}
{{- define "irispair.checkSidecar" -}}
{{- $name := .name -}}
{{- if or (hasSuffix ":latest" .image) (not (regexMatch "(:[^:/]+|@sha256:[0-9a-f]{64})$" .image)) -}}
{{- fail (printf "sidecars: image of %s: %s names another image every day: give a version, or a digest" $name .image) -}}
{{- end -}}
{{- $resources := .resources | default dict -}}
{{- range $what := list "cpu" "memory" -}}
{{- $request := get ($resources.requests | default dict) $what -}}
{{- $limit := get ($resources.limits | default dict) $what -}}
{{- if or (not $limit) (and $request (ne (toString $request) (toString $limit))) -}}
{{- fail (printf "sidecars: %s of %s: request %v, limit %v: they must be equal, or the pod is not Guaranteed and no container gets CPUs and memory nodes of its own" $what $name (default "none" $request) (default "none" $limit)) -}}
{{- end -}}
{{- end -}}
{{- if not (regexMatch "^[1-9][0-9]*$" (toString $resources.limits.cpu)) -}}
{{- fail (printf "sidecars: cpu of %s: %v is no whole number of CPUs: give an integer from 1" $name $resources.limits.cpu) -}}
{{- end -}}
{{- end -}}
