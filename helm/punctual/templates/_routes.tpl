{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{/* Which Service answers which path, the longest first: a JSON list of {path, service}. */}}
{{- define "punctual.routes" -}}
{{- $name := include "punctual.fullname" . -}}
{{- $routes := list -}}
{{- if hasKey (include "punctual.components" . | fromJson).components "realtime" -}}
{{- $realtime := printf "%s-realtime" $name -}}
{{- $routes = list (dict "path" "/api/updates" "service" $realtime) (dict "path" "/ws" "service" $realtime) -}}
{{- end -}}
{{- $routes = append $routes (dict "path" .Values.ingress.path "service" $name) -}}
{{- toJson $routes -}}
{{- end -}}
