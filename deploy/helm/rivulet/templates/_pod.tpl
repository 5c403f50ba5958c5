{{/* Fields of every container: image, environment and mounts. `secretKeys` is a list; `mounts` are extra ones. */}}
{{- define "rivulet.container" -}}
image: {{ include "rivulet.image" . }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
env:
  - { name: RIVULET_CONFIG, value: /etc/rivulet/rivulet.yaml }
  - { name: PUBLIC_URL, value: {{ .root.Values.publicUrl | quote }} }
  # The default is loopback, which probes cannot reach.
  - { name: HTTP_HOST, value: 0.0.0.0 }
  {{- $secretKeys := .secretKeys }}
  {{- range $name, $value := merge (dict) .environment .root.Values.environment }}
  {{- if not (has $name $secretKeys) }}
  - { name: {{ $name }}, value: {{ $value | quote }} }
  {{- end }}
  {{- end }}
  {{- range .secretKeys }}
  - { name: {{ . }}_FILE, value: /run/secrets/rivulet/{{ . }} }
  {{- end }}
volumeMounts:
  # The directory, not the file: a file mounted with subPath is never updated.
  - { name: config, mountPath: /etc/rivulet, readOnly: true }
  - { name: secret, mountPath: /run/secrets/rivulet, readOnly: true }
  - { name: tmp, mountPath: /tmp }
  {{- with .mounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end -}}

{{/* Fields of every pod besides its containers. `secretName` is the Secret; `volumes` are extra ones. */}}
{{- define "rivulet.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  # `nonroot` of the image; Kubernetes can only check a number.
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
volumes:
  - name: config
    configMap: { name: {{ include "rivulet.name" (dict "root" .root "role" "config") }} }
  - name: secret
    secret: { secretName: {{ .secretName }}, defaultMode: 0440 }
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  {{- with .volumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "rivulet.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "rivulet.selector" . | nindent 8 }}
{{- end -}}

{{/* A change of the configuration restarts pods, except for `journeys`, which running pods reload. */}}
{{- define "rivulet.podAnnotations" -}}
checksum/config: {{ omit .root.Values.config "journeys" | toJson | sha256sum }}
prometheus.io/scrape: 'true'
prometheus.io/port: {{ .port | quote }}
prometheus.io/path: /metrics
{{- end -}}
