{{- define "nativefax.image" -}}
{{- $image := .documents | ternary .root.Values.documentsImage .root.Values.image -}}
{{ $image.repository }}{{ if not (contains "@" $image.repository) }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{/* No rights on the node, in the cluster, or over the image. */}}
{{- define "nativefax.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "nativefax.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* What is mounted. Takes the root and the stage's values. */}}
{{- define "nativefax.mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- if .root.Values.certificateAuthorities }}
- {name: authorities, mountPath: /etc/nativefax/authorities, readOnly: true}
{{- end }}
{{- if .values.certificateSecret }}
- {name: certificate, mountPath: /etc/nativefax/certificate, readOnly: true}
{{- end }}
{{- with .values.extraMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "nativefax.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: {{ .values.tmpSize }}}
{{- with .root.Values.certificateAuthorities }}
- name: authorities
  configMap: {name: {{ . }}}
{{- end }}
{{- with .values.certificateSecret }}
- name: certificate
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
