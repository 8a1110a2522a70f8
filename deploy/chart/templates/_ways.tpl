{{/* A rule for one way: `peers` on `ports`. */}}
{{- define "nativefax.way" -}}
- ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- with .peers }}
  {{ $.direction }}: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Where whoever needs `needs` may go. Takes the root and `needs`. */}}
{{- define "nativefax.egress" -}}
{{- $policy := .root.Values.networkPolicy }}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
  {{- with $policy.dns.to }}
  to: {{ toYaml . | nindent 4 }}
  {{- end }}
{{- range .needs }}
  {{- if has . (list "kafka" "store" "database" "switches") }}
    {{- $way := get $policy . }}
{{ include "nativefax.way" (dict "direction" "to" "ports" $way.ports "peers" $way.to) }}
  {{- else if eq . "relay" }}
{{ include "nativefax.way" (dict "direction" "to" "ports" (list $.root.Values.mail.port) "peers" $policy.relay.to) }}
  {{- else if eq . "api" }}
- ports:
    - {port: web, protocol: TCP}
  to:
    - podSelector:
        matchLabels: {{ include "nativefax.selector" (dict "root" $.root "stage" "api") | nindent 10 }}
  {{- end }}
{{- end }}
{{- end }}
