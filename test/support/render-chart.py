"""Renders a Helm chart once for each set of values on stdin, with Helm's own SDK. Prints JSON."""

import json
import sys

sys.path.insert(0, sys.argv[1])
import helm_python as helm

rendered = []
with helm.Chart.load(sys.argv[2]) as chart:
    for values in json.load(sys.stdin):
        try:
            chart.validate_schema(values)
            manifests = chart.render(values, name="rivulet", namespace="mail", revision=1)
            rendered.append({"manifests": manifests})
        except helm.HelmError as error:
            rendered.append({"error": str(error)})
print(json.dumps(rendered))
