package graph

import (
	"strings"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"

	"cloudapi/ent"
	"cloudapi/internal/domainname"
)

// inputEntity returns the entity that an input is written to, "" for none.
func inputEntity(input string) string {
	switch input {
	case "CreateCustomerInput", "UpdateCustomerInput":
		return ent.TypeCustomer
	case "NewCapacityUnitInput", "AddCapacityAvailableInput", "AddCapacityConsumedInput", "CapacityUnitAdditionInput":
		return ent.TypeCapacityUnit
	case "NewCloudSpaceInput", "CreateCloudSpaceInput", "UpdateCloudSpaceInput":
		return ent.TypeCloudSpace
	case "CreateCloudUserGroupInput", "UpdateCloudUserGroupInput":
		return ent.TypeCloudUserGroup
	case "CreateCloudUserInput", "UpdateCloudUserInput", "LinkCloudUserInput":
		return ent.TypeCloudUser
	case "CreatePortalAccountInput":
		return ent.TypePortalAccount
	case "CreateAccessTokenInput":
		return ent.TypeAccessToken
	case "RegisterDomainInput", "UnregisterDomainInput":
		return ent.TypeDomain
	case "ExecutionParams":
		return ent.TypeJob
	}
	return ""
}

// inputColumn returns the column that a field of an input is written to.
func inputColumn(entity, field string) string {
	switch entity + "." + field {
	case ent.TypeDomain + ".username":
		return "portal_username"
	case ent.TypeJob + ".userErrormsg":
		return "user_error_message"
	case ent.TypeJob + ".internalErrormsg":
		return "internal_error_message"
	}
	var column strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			column.WriteByte('_')
		}
		column.WriteRune(unicode.ToLower(r))
	}
	return column.String()
}

// InputTexts returns the checks of the text fields of inputs, by "Input.field".
func InputTexts(schema *ast.Schema) map[string]func(string) error {
	texts := map[string]func(string) error{}
	for _, definition := range schema.Types {
		entity := inputEntity(definition.Name)
		if entity == "" {
			continue
		}
		for _, f := range definition.Fields {
			if f.Type.Name() != "String" {
				continue
			}
			if entity == ent.TypeDomain && f.Name == "domain" {
				texts[definition.Name+"."+f.Name] = func(name string) error {
					_, err := domainname.Canonical(name)
					return err
				}
			} else if check := ent.TextValidator(entity, inputColumn(entity, f.Name)); check != nil {
				texts[definition.Name+"."+f.Name] = check
			}
		}
	}
	return texts
}
