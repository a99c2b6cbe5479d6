{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "punctual.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "punctual.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "punctual.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects: that of the API, or of everything, is the release's own. */}}
{{- define "punctual.componentName" -}}
{{- $fullname := include "punctual.fullname" .root -}}
{{- if has .component (list "all" "api") }}{{ $fullname }}{{ else }}{{ printf "%s-%s" $fullname .component }}{{ end -}}
{{- end -}}

{{/* Labels that never change, as selectors must not. */}}
{{- define "punctual.selector" -}}
app.kubernetes.io/name: {{ include "punctual.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "punctual.labels" -}}
{{ include "punctual.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | trunc 63 | quote }}
app.kubernetes.io/part-of: punctual
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Labels that every pod of the release has. */}}
{{- define "punctual.release" -}}
app.kubernetes.io/name: {{ include "punctual.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The components that run, as a JSON object of their settings: {"components": {name: workload}}. */}}
{{- define "punctual.components" -}}
{{- $names := ternary (list "api" "engine" "recurring" "notify" "audit" "realtime") (list "all") .Values.roles.split -}}
{{- $components := dict -}}
{{- range $name := $names -}}
{{- $workload := mergeOverwrite (deepCopy $.Values.workload) (deepCopy (get $.Values.components $name | default dict)) -}}
{{- if $workload.enabled }}{{ $_ := set $components $name $workload }}{{ end -}}
{{- end -}}
{{- toJson (dict "components" $components) -}}
{{- end -}}

{{/* "true" when an optional object is to be rendered: {root, enabled, api}. */}}
{{- define "punctual.wanted" -}}
{{- if eq (toString .enabled) "auto" -}}
{{- if .root.Capabilities.APIVersions.Has .api }}true{{ end -}}
{{- else if eq (toString .enabled) "true" }}true{{ end -}}
{{- end -}}

{{/* "true" when the release makes them; other templates depend on it. */}}
{{- define "punctual.cloudnativepg" -}}
{{- include "punctual.wanted" (dict "root" . "enabled" .Values.postgresql.cloudnativepg.enabled "api" "postgresql.cnpg.io/v1") -}}
{{- end -}}

{{- define "punctual.externalSecret" -}}
{{- include "punctual.wanted" (dict "root" . "enabled" .Values.secrets.external.enabled "api" "external-secrets.io/v1") -}}
{{- end -}}

{{- define "punctual.strimzi" -}}
{{- include "punctual.wanted" (dict "root" . "enabled" .Values.strimzi.enabled "api" "kafka.strimzi.io/v1") -}}
{{- end -}}

{{- define "punctual.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}{{ else }}{{ $image.repository }}:{{ $image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{- define "punctual.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "punctual.fullname" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end -}}
{{- end -}}

{{- define "punctual.secret" -}}
{{ .Values.secrets.existingSecret | default (include "punctual.fullname" .) }}
{{- end -}}

{{/* The keys of the Secret, as a JSON list. */}}
{{- define "punctual.secretKeys" -}}
{{- $keys := .Values.secrets.keys -}}
{{- if include "punctual.cloudnativepg" . -}}{{ $keys = without $keys "database_url" }}{{- end -}}
{{- if and (not .Values.secrets.existingSecret) (not (include "punctual.externalSecret" .)) -}}
{{- $keys = keys .Values.secrets.values -}}
{{- if .Values.secrets.generate }}{{ $keys = append $keys "jwt_secret" }}{{ end -}}
{{- if .Values.postgresql.single.enabled }}{{ $keys = append $keys "database_url" }}{{ end -}}
{{- end -}}
{{- toJson ($keys | uniq | sortAlpha) -}}
{{- end -}}

{{/* "true" when the release itself makes the database or the Secret, which a hook would be too early for. */}}
{{- define "punctual.madeHere" -}}
{{- if or .Values.postgresql.single.enabled (include "punctual.cloudnativepg" .) (include "punctual.externalSecret" .) }}true{{ end -}}
{{- end -}}

{{/* Whether the schema is migrated by a Job or by init containers, or not at all. */}}
{{- define "punctual.migration" -}}
{{- if .Values.migration.enabled -}}
{{- if eq .Values.migration.mode "auto" -}}
{{- ternary "init" "hook" (eq (include "punctual.madeHere" .) "true") -}}
{{- else }}{{ .Values.migration.mode }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "punctual.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "punctual.securityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "punctual.dapr.appId" -}}
{{- if has .component (list "all" "api") }}{{ .root.Values.dapr.appId }}{{ else }}{{ printf "%s-%s" .root.Values.dapr.appId .component }}{{ end -}}
{{- end -}}

{{- define "punctual.kafkaBrokers" -}}
{{- if .Values.config.kafka.brokers }}{{ .Values.config.kafka.brokers }}
{{- else if include "punctual.strimzi" . }}{{ printf "%s-kafka-bootstrap:9093" .Values.strimzi.clusterName }}{{ end -}}
{{- end -}}

{{/* Properties of librdkafka as k=v,k=v; those of Strimzi's user are files. */}}
{{- define "punctual.kafkaProperties" -}}
{{- $properties := dict -}}
{{- if include "punctual.strimzi" . -}}
{{- $properties = dict "security.protocol" "ssl" "ssl.ca.location" "/etc/punctual/kafka/ca.crt" "ssl.certificate.location" "/etc/punctual/kafka/user.crt" "ssl.key.location" "/etc/punctual/kafka/user.key" -}}
{{- end -}}
{{- $list := list -}}
{{- range $name, $value := mergeOverwrite $properties .Values.config.kafka.properties -}}
{{- $list = append $list (printf "%s=%v" $name $value) -}}
{{- end -}}
{{- join "," $list -}}
{{- end -}}

{{/* The topic whose lag scales a component, or nothing: api and engine consume none, and each process
     of realtime is a group by itself. {component, workload} */}}
{{- define "punctual.lagTopic" -}}
{{- $own := dict "all" "task-events" "recurring" "task-events" "notify" "reminders" "audit" "task-events" -}}
{{- if and .workload.autoscaling.lag (hasKey $own .component) -}}
{{- .workload.autoscaling.lagTopic | default (get $own .component) -}}
{{- end -}}
{{- end -}}

{{/* The group whose lag counts: a sidecar's is its app id, the program's that of the consumer. */}}
{{- define "punctual.consumerGroup" -}}
{{- if ne .root.Values.config.transport "kafka" }}{{ include "punctual.dapr.appId" . }}
{{- else }}{{ printf "punctual-%s" (ternary "recurring" .component (has .component (list "all" "api"))) }}{{ end -}}
{{- end -}}
