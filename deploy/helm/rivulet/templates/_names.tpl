{{/* The name of an object: release name and role. */}}
{{- define "rivulet.name" -}}
{{- printf "%s-%s" (.root.Release.Name | trunc 40 | trimSuffix "-") .role -}}
{{- end -}}

{{- define "rivulet.labels" -}}
{{ include "rivulet.selector" . }}
app.kubernetes.io/part-of: rivulet
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "rivulet.selector" -}}
app.kubernetes.io/name: rivulet-{{ .role }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end -}}

{{- define "rivulet.image" -}}
{{- with .root.Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.root.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The Secret of a role: an existing one, or the one that the chart creates. */}}
{{- define "rivulet.secretName" -}}
{{- $secret := (index .root.Values .role).secret -}}
{{- if $secret.existing -}}
{{ $secret.existing }}
{{- else if $secret.values -}}
{{ include "rivulet.name" . }}
{{- else -}}
{{- fail (printf "Set %s.secret.existing to the name of a Secret with the keys %s, or %s.secret.values." .role (join ", " $secret.keys) .role) -}}
{{- end -}}
{{- end -}}

{{/* Its keys, as a JSON list. */}}
{{- define "rivulet.secretKeys" -}}
{{- $secret := (index .root.Values .role).secret -}}
{{- if $secret.existing -}}{{ $secret.keys | toJson }}{{- else -}}{{ keys $secret.values | sortAlpha | toJson }}{{- end -}}
{{- end -}}
