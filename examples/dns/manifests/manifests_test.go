package manifests_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// objects are the objects in the manifests, by name.
type objects struct {
	services    map[string]corev1.Service
	deployments map[string]appsv1.Deployment
	monitors    map[string]monitoringv1.ServiceMonitor
}

// read decodes all manifests strictly. A field is an error if the API does not have it in
// this place, or if it occurs twice.
func read(t *testing.T) objects {
	t.Helper()
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("manifests: %d files, error %v", len(files), err)
	}
	all := objects{map[string]corev1.Service{}, map[string]appsv1.Deployment{}, map[string]monitoringv1.ServiceMonitor{}}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, document := range bytes.Split(content, []byte("\n---\n")) {
			if err := all.add(document); err != nil {
				t.Errorf("%s, document %d: %v", file, i+1, err)
			}
		}
	}
	return all
}

func (o objects) add(document []byte) error {
	var head struct {
		APIVersion, Kind string
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		return err
	}
	switch what := head.APIVersion + " " + head.Kind; what {
	case "v1 Service":
		return put(o.services, document, func(s corev1.Service) string { return s.Name })
	case "apps/v1 Deployment":
		return put(o.deployments, document, func(d appsv1.Deployment) string { return d.Name })
	case "monitoring.coreos.com/v1 ServiceMonitor":
		return put(o.monitors, document, func(m monitoringv1.ServiceMonitor) string { return m.Name })
	default:
		return fmt.Errorf("this test does not know %q; add its Go type", what)
	}
}

func put[T any](to map[string]T, document []byte, name func(T) string) error {
	var object T
	asJSON, err := yaml.YAMLToJSONStrict(document) // refuses keys that occur twice
	if err != nil {
		return err
	}
	// Unlike encoding/json, this is case-sensitive, as the API server is.
	unknown, err := json.UnmarshalStrict(asJSON, &object)
	if err := errors.Join(append(unknown, err)...); err != nil {
		return err
	}
	if name(object) == "" {
		return errors.New("an object has no name; give it metadata.name")
	}
	to[name(object)] = object
	return nil
}

func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: v1\nkind: Service\nmetadata:\n  name: echo\nspec:\n"
	tests := []struct{ name, spec string }{
		{"unknown field", "  headless: true\n"},
		{"wrong case", "  clusterIp: None\n"},
		{"field twice", "  clusterIP: None\n  clusterIP: None\n"},
		{"wrong type", "  ports: 50051\n"},
	}
	for _, tt := range tests {
		o := objects{services: map[string]corev1.Service{}}
		if err := o.add([]byte(head + tt.spec)); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
	o := objects{services: map[string]corev1.Service{}}
	if err := o.add([]byte(head + "  clusterIP: None\n")); err != nil {
		t.Errorf("correct: %v", err)
	}
}

func TestServersAreFoundInDNSAndLeaveGently(t *testing.T) {
	t.Parallel()
	o := read(t)
	service, deployment := o.services["echo"], o.deployments["echo"]
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		t.Errorf("clusterIP %q, want %q: it is not headless", service.Spec.ClusterIP, corev1.ClusterIPNone)
	}
	if service.Spec.PublishNotReadyAddresses {
		t.Error("DNS has pods that are not ready")
	}
	selects(t, service, deployment)

	container := deployment.Spec.Template.Spec.Containers[0]
	port := container.Ports[0].ContainerPort
	if service.Spec.Ports[0].Port != port {
		t.Errorf("the service's port is %d, the pods' %d; a headless service does not map it", service.Spec.Ports[0].Port, port)
	}
	if probe := container.ReadinessProbe; probe == nil || probe.GRPC == nil || probe.GRPC.Port != port {
		t.Errorf("readinessProbe %v, want one by gRPC on port %d", probe, port)
	}
	if container.Lifecycle == nil || container.Lifecycle.PreStop == nil || container.Lifecycle.PreStop.Sleep == nil {
		t.Fatalf("lifecycle %v, want preStop with sleep", container.Lifecycle)
	}
	preStop := container.Lifecycle.PreStop.Sleep.Seconds
	if grace := deployment.Spec.Template.Spec.TerminationGracePeriodSeconds; grace == nil || *grace < preStop+30 {
		t.Errorf("terminationGracePeriodSeconds %v, want at least %d for preStop and 30 for RPCs", grace, preStop)
	}
}

func TestARolloutWaitsForClients(t *testing.T) {
	t.Parallel()
	spec := read(t).deployments["echo"].Spec
	const interval = 30 * time.Second // MinResolutionInterval of grpc-go
	if minReady := time.Duration(spec.MinReadySeconds) * time.Second; minReady <= interval {
		t.Errorf("minReadySeconds is %s, want more than %s, in which clients may not ask DNS again", minReady, interval)
	}
	update := spec.Strategy.RollingUpdate
	if update == nil || update.MaxSurge == nil || update.MaxUnavailable == nil {
		t.Fatalf("rollingUpdate %+v, want it to have maxSurge and maxUnavailable", update)
	}
	if update.MaxSurge.IntValue() != 1 || update.MaxUnavailable.IntValue() != 0 {
		t.Errorf("rollingUpdate %+v, want a new pod to come before an old one goes", update)
	}
}

func TestClientsAreScraped(t *testing.T) {
	t.Parallel()
	o := read(t)
	service, monitor := o.services["frontend"], o.monitors["frontend"]
	selects(t, service, o.deployments["frontend"])
	contains(t, "ServiceMonitor frontend", monitor.Spec.Selector.MatchLabels, service.Labels)
	if len(monitor.Spec.Endpoints) != 1 || monitor.Spec.Endpoints[0].Port != service.Spec.Ports[0].Name {
		t.Errorf("endpoints %+v, want the service's port %q", monitor.Spec.Endpoints, service.Spec.Ports[0].Name)
	}
}

// selects checks that the service selects the pods, and names one of their ports.
func selects(t *testing.T, service corev1.Service, deployment appsv1.Deployment) {
	t.Helper()
	pod := deployment.Spec.Template
	contains(t, "Service "+service.Name, service.Spec.Selector, pod.Labels)
	contains(t, "Deployment "+deployment.Name, deployment.Spec.Selector.MatchLabels, pod.Labels)
	if got, want := service.Spec.Ports[0].TargetPort.StrVal, pod.Spec.Containers[0].Ports[0].Name; got != want {
		t.Errorf("Service %s leads to port %q, the pods have %q", service.Name, got, want)
	}
}

func contains(t *testing.T, who string, selector, labels map[string]string) {
	t.Helper()
	if len(selector) == 0 {
		t.Errorf("%s has no selector", who)
	}
	for key, want := range selector {
		if labels[key] != want {
			t.Errorf("%s selects %s=%s, but the label is %q", who, key, want, labels[key])
		}
	}
}
