{{/* The release's name, with which every object's begins. */}}
{{- define "nativefax.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What an object of a stage is called. Takes the root and the stage's name. */}}
{{- define "nativefax.stageName" -}}
{{ include "nativefax.name" .root }}-{{ .stage | replace "_" "-" }}
{{- end }}

{{/* What pods are chosen by. */}}
{{- define "nativefax.selector" -}}
app.kubernetes.io/name: nativefax
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .stage | replace "_" "-" }}
{{- end }}

{{- define "nativefax.labels" -}}
{{ include "nativefax.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{/* The secret of a stage. */}}
{{- define "nativefax.secretName" -}}
{{ .values.secretName | default (include "nativefax.stageName" .) }}
{{- end }}

{{/*
The stages that are on, in pipeline order, as YAML: name → values with the defaults, and `facts` of stages.yaml.
*/}}
{{- define "nativefax.stages" -}}
{{- $facts := .Files.Get "stages.yaml" | fromYaml }}
{{- $stages := dict }}
{{- range $stage, $values := .Values.stages }}
  {{- $merged := mergeOverwrite (deepCopy $.Values.defaults) (deepCopy ($values | default dict)) }}
  {{- if and (eq $stage "bounces") (not $.Values.mail.bounceDomain) }}
    {{- $_ := set $merged "enabled" false }}
  {{- end }}
  {{- $_ := set $merged "facts" (get $facts $stage) }}
  {{- if $merged.enabled }}
    {{- $_ := set $stages $stage $merged }}
  {{- end }}
{{- end }}
{{- toYaml $stages }}
{{- end }}
